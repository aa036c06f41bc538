"use client";

import { leastRoles } from "@laurel/api-client/admin";
import { createContext, useContext } from "react";

import type { Schema } from "@/api/client";

export type Administrator = Schema<"Admin">;
export type Operation = keyof typeof leastRoles;

const ranks = { viewer: 1, operator: 2, admin: 3 };

export const MeContext = createContext<Administrator | null>(null);

/** Who is signed in. */
export function useMe(): Administrator {
  const me = useContext(MeContext);
  if (me === null) throw new Error("useMe is called outside the console");
  return me;
}

/** Whether who is signed in may do this: by the roles that the API itself asks for. */
export function useMay(): (operation: Operation) => boolean {
  const { role } = useMe();
  return (operation) => ranks[role] >= ranks[leastRoles[operation]];
}
