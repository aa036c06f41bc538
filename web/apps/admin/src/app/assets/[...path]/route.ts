import { bff } from "@/server/bff";

export const { assets: GET } = bff;
