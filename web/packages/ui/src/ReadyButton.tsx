"use client";

import { Button, type ButtonProps } from "@mantine/core";
import { type ComponentPropsWithoutRef, useSyncExternalStore } from "react";

import classes from "./ReadyButton.module.css";

type ReadyButtonProps = ButtonProps & ComponentPropsWithoutRef<"button">;

/** A button in a page's first HTML: it can be pressed once the page's scripts are there to hear it, not before. */
export function ReadyButton({ disabled, ...rest }: ReadyButtonProps) {
  const ready = useSyncExternalStore(
    unchanging,
    () => true,
    () => false,
  );
  return <Button disabled={!ready || disabled} className={ready ? undefined : classes.waiting} {...rest} />;
}

/**
 * Sends a form. Before the page's scripts are there a browser would send the fields by itself, into the page's address:
 * a disabled button keeps a click and the return key from it.
 */
export function SubmitButton(props: Omit<ReadyButtonProps, "type">) {
  return <ReadyButton type="submit" {...props} />;
}

function unchanging() {
  return () => undefined;
}
