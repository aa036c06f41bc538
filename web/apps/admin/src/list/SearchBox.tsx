"use client";

import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

interface SearchBoxProps {
  label: string;
  placeholder?: string;
  clearLabel: string;
  value: string | undefined;
  onSearch: (text: string | undefined) => void;
}

const PAUSE_MILLISECONDS = 150;

/** Searches as one types, once the fingers pause. */
export function SearchBox({ label, placeholder, clearLabel, value, onSearch }: SearchBoxProps) {
  const [typed, setTyped] = useState(value ?? "");
  const search = useDebouncedCallback((text: string) => onSearch(text.trim() || undefined), PAUSE_MILLISECONDS);
  const type = (text: string) => {
    setTyped(text);
    search(text);
  };
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder ?? label}
      leftSection={<IconSearch size={16} />}
      rightSection={typed ? <CloseButton size="sm" aria-label={clearLabel} onClick={() => type("")} /> : null}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      style={{ flex: "1 1 16rem" }}
      maw={420}
    />
  );
}
