"use client";

import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

import { useLocale } from "./i18n";
import { localeNames, locales } from "./locale";
import { useUiText } from "./messages";

const schemes = [
  ["light", IconSun],
  ["dark", IconMoon],
  ["auto", IconDeviceDesktop],
] as const;

/** The choices of appearance and language, as items of a menu. */
export function PreferenceItems() {
  const text = useUiText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { locale, choose } = useLocale();
  const names = { light: text.light, dark: text.dark, auto: text.system };
  return (
    <>
      <Menu.Label>{text.appearance}</Menu.Label>
      {schemes.map(([scheme, Icon]) => (
        <Menu.Item
          key={scheme}
          leftSection={<Icon size={16} />}
          rightSection={colorScheme === scheme ? <IconCheck size={16} /> : null}
          aria-current={colorScheme === scheme}
          onClick={() => setColorScheme(scheme)}
        >
          {names[scheme]}
        </Menu.Item>
      ))}
      <Menu.Label>{text.language}</Menu.Label>
      {locales.map((one) => (
        <Menu.Item
          key={one}
          lang={one}
          rightSection={locale === one ? <IconCheck size={16} /> : null}
          aria-current={locale === one}
          onClick={() => choose(one)}
        >
          {localeNames[one]}
        </Menu.Item>
      ))}
    </>
  );
}
