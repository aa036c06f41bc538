import { bff } from "@/server/bff";

export const { signIn: POST, signOut: DELETE } = bff;
