import { NextResponse } from "next/server";

import { bff } from "@/server/bff";
import { place, readOrder } from "@/server/orders";

export const POST = bff.handler(async (request, ask) => {
  const order = readOrder(await request.json().catch(() => null));
  if (order === null) {
    const problem = { title: "Unprocessable Content", status: 422, code: "invalid_order", detail: "This is no order." };
    return NextResponse.json(problem, { status: 422, headers: { "content-type": "application/problem+json" } });
  }
  const answer = await place(order, ask);
  const type = answer.headers.get("content-type") ?? "application/json";
  return new NextResponse(answer.body, { status: answer.status, headers: { "content-type": type } });
});
