export { withPolicy as proxy } from "@laurel/bff/security";

export const config = { matcher: "/((?!api/|health/|assets/|_next/static|icon.svg).*)" };
