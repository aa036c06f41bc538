/**
 * Loaded before an app's server: appends the address of the connection to X-Forwarded-For, as a proxy would.
 * Next writes the header only where a client sent none, so alone it would pass on whatever a client made up.
 */
const { Server } = require("node:http");

const HEADER = "x-forwarded-for";
const { emit } = Server.prototype;

Server.prototype.emit = function (event, ...rest) {
    if (event === "request") {
        const [{ headers, socket }] = rest;
        headers[HEADER] = [headers[HEADER], socket.remoteAddress].filter(Boolean).join(", ");
    }
    return emit.call(this, event, ...rest);
};
