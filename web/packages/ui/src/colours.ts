import type { MantineColorsTuple } from "@mantine/core";

/**
 * Six hues of one scale (OKLCH, equal steps of lightness), so that a shade has the same contrast in every hue:
 * 7 carries white text at 4.5:1 or more, 8 and 9 are text on shades 0 to 1, 2 and 3 are text on dark surfaces.
 */
export const colours = {
  laurel: tuple("#f3faf5 #e2f4e9 #c8e9d6 #a3dbbc #7dc9a1 #5bb387 #459970 #34815d #28694a #1e5038"),
  sky: tuple("#f2f9fe #e2f1fe #c5e4ff #9fd2ff #70bdfd #4ba6ec #348dcf #2476b1 #195f91 #14496f"),
  amber: tuple("#fef7ef #fdebd8 #f9dab7 #f4c287 #e9a754 #d68c22 #b87507 #9b6200 #7e4f04 #613c02"),
  rose: tuple("#fff5f5 #ffe8e7 #fed4d1 #feb7b4 #ff928f #fb6669 #dc4f54 #bc3e43 #9b3035 #762428"),
  plum: tuple("#faf5ff #f5e9ff #ecd5fe #e0bafd #d09df5 #bb82e3 #a06bc6 #8857a9 #6f468b #54356a"),
  gray: tuple("#f7f8f9 #eceff1 #dce0e4 #c7cdd4 #afb7c0 #96a0a9 #7f8790 #697179 #555c62 #41464b"),
  dark: tuple("#e3e7e5 #c9d0cd #a9b3af #87928d #5c6763 #3a4440 #2c3532 #1a211f #141a18 #0e1312"),
};

export type Hue = Exclude<keyof typeof colours, "dark">;
export const hues = Object.keys(colours).filter((name) => name !== "dark") as Hue[];

function tuple(shades: string): MantineColorsTuple {
  return shades.split(" ") as unknown as MantineColorsTuple;
}
