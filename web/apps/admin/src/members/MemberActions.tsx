"use client";

import { Button } from "@mantine/core";
import { IconEraser, IconPencil, IconPlusMinus } from "@tabler/icons-react";
import { useState } from "react";

import type { Schema } from "@/api/client";
import { useText } from "@/messages";
import { useMay } from "@/session/access";

import { AdjustDialog } from "./AdjustDialog";
import { EditDialog } from "./EditDialog";
import { EraseDialog } from "./EraseDialog";

type Doing = "adjust" | "edit" | "erase" | null;

/** What may be done with a member, by who is signed in. */
export function MemberActions({ member }: { member: Schema<"Member"> }) {
  const text = useText().members;
  const may = useMay();
  const [doing, setDoing] = useState<Doing>(null);
  const stop = () => setDoing(null);
  if (member.status === "erased") return null;
  return (
    <>
      {may("adjust_member") && (
        <Button leftSection={<IconPlusMinus size={17} />} onClick={() => setDoing("adjust")}>
          {text.adjust}
        </Button>
      )}
      {may("change_member") && (
        <Button variant="default" leftSection={<IconPencil size={17} />} onClick={() => setDoing("edit")}>
          {text.edit}
        </Button>
      )}
      {may("post_erasure") && (
        <Button variant="default" c="rose" leftSection={<IconEraser size={17} />} onClick={() => setDoing("erase")}>
          {text.erase}
        </Button>
      )}
      {doing === "adjust" && <AdjustDialog member={member} onClose={stop} />}
      {doing === "edit" && <EditDialog member={member} onClose={stop} />}
      {doing === "erase" && <EraseDialog member={member} onClose={stop} />}
    </>
  );
}
