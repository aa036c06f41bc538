/** This server serves. Whether the API behind it does is told by the pages themselves. */
export const GET = () => Response.json({ status: "ready" });
