// "online" may be heard before the network answers, or not at all
const again = () =>
    navigator.onLine &&
    fetch("/health/ready", { cache: "no-store" }).then(
        () => location.reload(),
        () => undefined,
    );
window.addEventListener("online", again);
setInterval(again, 3000);
