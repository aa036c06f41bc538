"use client";

import { NumberInput } from "@mantine/core";
import { useState } from "react";

import { useText } from "@/messages";

import { ConfirmDialog } from "./ConfirmDialog";

interface RotateDialogProps {
  title: string;
  detail: string;
  change: { isPending: boolean; error: unknown };
  onRotate: (overlap_seconds: number) => void;
  onClose: () => void;
}

const HOUR_SECONDS = 3_600;
const WEEK_HOURS = 168;

/** Replaces a key or secret; the old one goes on working for as long as is said here. */
export function RotateDialog({ title, detail, change, onRotate, onClose }: RotateDialogProps) {
  const text = useText().secrets;
  const [hours, setHours] = useState<number | string>(24);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={title}
      confirm={text.rotate}
      change={change}
      onConfirm={() => onRotate(Number(hours) * HOUR_SECONDS)}
    >
      {detail}
      <NumberInput mt="sm" label={text.overlap} min={0} max={WEEK_HOURS} value={hours} onChange={setHours} />
    </ConfirmDialog>
  );
}
