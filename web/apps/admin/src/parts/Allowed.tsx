"use client";

import { leastRoles } from "@laurel/api-client/admin";
import { Empty, PageHeader } from "@laurel/ui";
import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useText } from "@/messages";
import { type Operation, useMay } from "@/session/access";

interface AllowedProps {
  to: Operation;
  /** What the page is called, also for those who may not use it. */
  title: string;
  trail: { label: string; href: string }[];
  children: ReactNode;
}

/** A page for those who may do what it is for. Others, who come by a link, are told whom it is for. */
export function Allowed({ to, title, trail, children }: AllowedProps) {
  const text = useText();
  const may = useMay();
  if (may(to)) return <>{children}</>;
  const role = text.console.roles[leastRoles[to]];
  return (
    <>
      <PageHeader title={title} app={text.common.app} trail={trail} />
      <Empty icon={<IconLock size={24} />} title={text.common.needsRole(role)} detail={text.common.needsRoleDetail} />
    </>
  );
}
