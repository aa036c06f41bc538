import { bff } from "@/server/bff";

export const dynamic = "force-dynamic";

export const GET = bff.forward;
export const POST = bff.forward;
export const PATCH = bff.forward;
export const DELETE = bff.forward;
