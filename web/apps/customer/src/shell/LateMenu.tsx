"use client";

import { ActionIcon } from "@mantine/core";
import { type ComponentType, type ReactElement, type ReactNode, useState } from "react";

export interface LateContent {
  /** The button that the menu opens under, at once. */
  target: ReactElement;
}

/** How such a menu looks: it opens at once, within the landmark that its button is in, with the focus on the first item. */
export const lateMenu = {
  position: "bottom-end",
  width: 220,
  defaultOpened: true,
  withinPortal: false,
  withInitialFocusPlaceholder: false,
} as const;

interface LateMenuProps {
  label: string;
  children: ReactNode;
  size: "lg" | "xl";
  load: () => Promise<{ default: ComponentType<LateContent> }>;
}

/** A button whose menu is fetched when a pointer or the keyboard comes near: its code is an eighth of a page's, and most
 * visits open none. */
export function LateMenu({ label, children, size, load }: LateMenuProps) {
  const [Content, setContent] = useState<ComponentType<LateContent> | null>(null);
  const look = { variant: "subtle", color: "gray", size, children, "aria-label": label } as const;
  if (Content !== null) return <Content target={<ActionIcon {...look} ref={takeFocus} />} />;
  const near = () => void load().catch(() => undefined);
  const open = () =>
    void load().then(
      (loaded) => setContent(() => loaded.default),
      () => undefined,
    );
  return <ActionIcon {...look} aria-haspopup="menu" onPointerEnter={near} onFocus={near} onClick={open} />;
}

/** The focus comes back to the button when the menu is closed: it is on it before the menu opens. */
const takeFocus = (button: HTMLButtonElement | null) => button?.focus();
