import { bff } from "@/server/bff";

export const POST = bff.signIn;
export const DELETE = bff.signOut;
