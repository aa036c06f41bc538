import {
  type AlertProps,
  type AnchorProps,
  type BadgeProps,
  type ButtonProps,
  type CSSVariablesResolver,
  type ComboboxProps,
  createTheme,
  type DrawerProps,
  type LoaderProps,
  type MenuProps,
  type ModalProps,
  type MultiSelectProps,
  type MantineThemeComponent,
  type PaperProps,
  type SegmentedControlProps,
  type SelectProps,
  type TableProps,
  type TagsInputProps,
  type TooltipProps,
} from "@mantine/core";

import { seriesColours } from "./charts/series";
import { colours, hues } from "./colours";

const sans = '"Inter Variable", sans-serif';

const dialogHead = { header: { role: "presentation" } };
const touchable = { hover: true, focus: true, touch: true };

/** What a component's extend() does, without the component: an app loads those that it uses and no others. */
const settled = <Props>(settings: MantineThemeComponent & { defaultProps?: Partial<Props> }) => settings;

/** A long list scrolls itself: within Mantine's own area it would be a region that the keyboard cannot scroll. */
const choices = {
  defaultProps: { withScrollArea: false },
  styles: { options: { maxHeight: "13.75rem", overflowY: "auto" } },
};

export const theme = createTheme({
  colors: colours,
  primaryColor: "laurel",
  primaryShade: { light: 7, dark: 7 },
  fontFamily: sans,
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontFamily: sans, fontWeight: "620" },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Alert: settled<AlertProps>({ defaultProps: { variant: "light" } }),
    Anchor: settled<AnchorProps>({ defaultProps: { underline: "hover" } }),
    Badge: settled<BadgeProps>({
      defaultProps: { variant: "light", radius: "sm" },
      // a narrow column grows rather than that a word is cut to a letter
      styles: {
        root: { minWidth: "max-content" },
        label: { textTransform: "none", fontWeight: 600, letterSpacing: 0 },
      },
    }),
    Button: settled<ButtonProps>({ defaultProps: { fw: 600 } }),
    // what opens belongs to the part of the page, or the dialog, that it opens from
    Combobox: settled<ComboboxProps>({ defaultProps: { withinPortal: false } }),
    Drawer: settled<DrawerProps>({
      defaultProps: { position: "right", size: "lg", padding: "lg", attributes: dialogHead },
    }),
    Loader: settled<LoaderProps>({ defaultProps: { type: "dots" } }),
    // in a menu are its items and nothing else that takes the focus, and it is a part of the header that it opens from
    Menu: settled<MenuProps>({ defaultProps: { withInitialFocusPlaceholder: false, withinPortal: false } }),
    // a dialog's header element is not the page's banner
    Modal: settled<ModalProps>({ defaultProps: { centered: true, padding: "lg", attributes: dialogHead } }),
    MultiSelect: settled<MultiSelectProps>(choices),
    Paper: settled<PaperProps>({ defaultProps: { withBorder: true, radius: "lg" } }),
    SegmentedControl: settled<SegmentedControlProps>({
      defaultProps: { withItemsBorders: false },
      styles: { innerLabel: { color: "var(--mantine-color-text)" } },
    }),
    Select: settled<SelectProps>(choices),
    Table: settled<TableProps>({ defaultProps: { verticalSpacing: "xs" } }),
    TagsInput: settled<TagsInputProps>(choices),
    Tooltip: settled<TooltipProps>({ defaultProps: { withArrow: true, multiline: true, maw: 320, events: touchable } }),
  },
});

/** Mantine's own shades for dimmed, error and light-variant text miss 4.5:1 in places; these keep it in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { "--laurel-content-width": "84rem" },
  light: {
    "--mantine-color-body": "#fbfcfb",
    "--mantine-color-text": "#17201c",
    "--mantine-color-dimmed": "#545d58",
    "--mantine-color-placeholder": "#626b66",
    "--mantine-color-error": colours.rose[8],
    "--mantine-color-anchor": colours.laurel[8],
    "--mantine-color-default-border": "#d9dfdb",
    "--laurel-surface": "#ffffff",
    "--laurel-subtle": "#f1f5f2",
    "--laurel-grid": "#e3e8e5",
    ...shades("light"),
  },
  dark: {
    "--mantine-color-body": "#121715",
    "--mantine-color-text": colours.dark[0],
    "--mantine-color-dimmed": colours.dark[2],
    "--mantine-color-placeholder": "#8f9a95",
    "--mantine-color-error": colours.rose[3],
    "--mantine-color-anchor": colours.laurel[3],
    "--mantine-color-default-border": "#333d39",
    "--laurel-surface": colours.dark[7],
    "--laurel-subtle": "#212927",
    "--laurel-grid": "#2b3431",
    ...shades("dark"),
  },
});

type Entry = [string, string];

function shades(scheme: "light" | "dark"): Record<string, string> {
  const text = scheme === "light" ? 8 : 3;
  const series = seriesColours[scheme].map((colour, place): Entry => [`--laurel-series-${place}`, colour]);
  return Object.fromEntries<string>([
    ...series,
    ...hues.flatMap((hue): Entry[] => [
      [`--mantine-color-${hue}-text`, colours[hue][text]],
      [`--mantine-color-${hue}-light-color`, colours[hue][scheme === "light" ? 9 : 2]],
      [`--mantine-color-${hue}-outline`, colours[hue][text]],
      [`--mantine-color-${hue}-filled`, colours[hue][7]],
      [`--mantine-color-${hue}-filled-hover`, colours[hue][8]],
    ]),
  ]);
}
