import { bff } from "@/server/bff";

export const GET = bff.assets;
