"use client";

import { Select } from "@mantine/core";

interface ChoiceProps {
  label: string;
  options: Record<string, string>;
  value: string | undefined;
  onChoose: (value: string | undefined) => void;
  /** What stands there while nothing is chosen. */
  none: string;
}

/** A filter of a list: one of a few, or none. */
export function Choice({ label, options, value, onChoose, none }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      placeholder={`${label}: ${none}`}
      data={Object.entries(options).map(([value, label]) => ({ value, label }))}
      value={value ?? null}
      onChange={(chosen) => onChoose(chosen ?? undefined)}
      clearable
      w={210}
      checkIconPosition="right"
    />
  );
}
