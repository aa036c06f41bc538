/** Colours of series after Okabe and Ito: told apart with any colour vision, 3:1 or more against the surface. */
export const seriesColours = {
  light: ["#00805d", "#0072b2", "#c25400", "#b0558a", "#5f6670"],
  dark: ["#2fbf94", "#56b4e9", "#e69f00", "#d98bb8", "#a3abb3"],
};

/** The colour of the series at this place, as it is in the scheme in use. */
export const seriesColour = (place: number) => `var(--laurel-series-${place % seriesColours.light.length})`;

export interface Series {
  name: string;
  label: string;
  /** Its place in the palette: the same thing has the same colour everywhere. */
  place: number;
  /** For what is not the thing itself but compared with it. */
  dashed?: boolean;
}

export type Datum = Record<string, string | number | null>;

export interface Drawing {
  data: Datum[];
  /** The member of each datum that stands under the axis. */
  along: string;
  series: Series[];
  /** With the unit, for tooltips. */
  told: (value: number) => string;
  /** Short, for the axis. */
  ticks: (value: number) => string;
  height?: number;
}
