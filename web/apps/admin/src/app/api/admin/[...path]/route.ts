import { bff } from "@/server/bff";

export const { forward: GET, forward: POST, forward: PUT, forward: PATCH, forward: DELETE } = bff;
