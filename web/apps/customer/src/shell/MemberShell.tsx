"use client";

import { Brand } from "@laurel/ui";
import { AppShell, Group, UnstyledButton } from "@mantine/core";
import { IconBasket, IconGift, IconHome2, IconReceipt2, IconTicket, IconUserCircle } from "@tabler/icons-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode } from "react";

import { useLiveEvents } from "@/live/events";
import { useText } from "@/text";

import { Connection } from "./Connection";
import { LateMenu } from "./LateMenu";
import styles from "./MemberShell.module.css";
import { Outcomes } from "./Outcomes";
import { useSignedOutElsewhere } from "./signingOut";

const PLACES = [
  ["home", "/", IconHome2],
  ["shop", "/shop", IconBasket],
  ["rewards", "/rewards", IconGift],
  ["purchases", "/purchases", IconReceipt2],
  ["redemptions", "/redemptions", IconTicket],
] as const;

/** The frame of a member's pages: places in the header, or within a thumb's reach on a phone. */
export function MemberShell({ children }: { children: ReactNode }) {
  const text = useText();
  useSignedOutElsewhere();
  return (
    <AppShell header={{ height: 60 }} footer={{ height: { base: 64, sm: 0 } }} padding={{ base: "md", sm: "xl" }}>
      <AppShell.Header className={styles.header}>
        <a href="#content" className={styles.skip}>
          {text.skip}
        </a>
        <Group className={styles.bar} justify="space-between" wrap="nowrap">
          <Link href="/" prefetch={false} className={styles.brand} aria-label={`${text.app}: ${text.places.home}`}>
            <Brand />
          </Link>
          <Group component="nav" gap={4} visibleFrom="sm" aria-label={text.app}>
            <Places className={styles.place} />
          </Group>
          <Account />
        </Group>
      </AppShell.Header>
      <AppShell.Main id="content" tabIndex={-1} className={styles.main}>
        <div className={styles.content}>
          <Connection />
          {children}
        </div>
      </AppShell.Main>
      <AppShell.Footer hiddenFrom="sm" className={styles.footer}>
        <nav className={styles.thumb} aria-label={text.app}>
          <Places className={styles.tab} />
        </nav>
      </AppShell.Footer>
      <Outcomes />
      <Live />
    </AppShell>
  );
}

/** Apart from the frame, which need not be drawn again when the connection comes and goes. */
function Live() {
  useLiveEvents();
  return null;
}

function Places({ className }: { className: string | undefined }) {
  const text = useText();
  const pathname = usePathname();
  return PLACES.map(([name, href, Icon]) => {
    const here = href === "/" ? pathname === "/" : pathname.startsWith(href);
    return (
      <UnstyledButton
        key={name}
        component={Link}
        href={href}
        prefetch={false}
        className={className}
        data-here={here || undefined}
        aria-current={here ? "page" : undefined}
      >
        <Icon size={20} aria-hidden />
        <span>{text.places[name]}</span>
      </UnstyledButton>
    );
  });
}

const loadAccount = () => import("./AccountMenu");

function Account() {
  return (
    <LateMenu label={useText().account} size="xl" load={loadAccount}>
      <IconUserCircle size={24} />
    </LateMenu>
  );
}
