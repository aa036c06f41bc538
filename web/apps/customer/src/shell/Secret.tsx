"use client";

import { PasswordInput, type PasswordInputProps } from "@mantine/core";

import { useText } from "@/text";

/** A password's field, with the name of its eye in the language chosen. */
export function Secret(props: PasswordInputProps) {
  const { show } = useText().access;
  return <PasswordInput visibilityToggleButtonProps={{ "aria-label": show }} {...props} />;
}
