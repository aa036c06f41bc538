"use client";

import dynamic from "next/dynamic";
import { createElement } from "react";

import { Waiting } from "../states";

const loading = () => createElement(Waiting, { lines: 6, height: 30 });

/** The drawing itself is a hundred kilobytes: it comes when a chart is shown, not with the page. */
export const Bars = dynamic(() => import("./Drawn").then((drawn) => drawn.DrawnBars), { ssr: false, loading });
export const Lines = dynamic(() => import("./Drawn").then((drawn) => drawn.DrawnLines), { ssr: false, loading });
export const Ranking = dynamic(() => import("./Drawn").then((drawn) => drawn.DrawnRanking), { ssr: false, loading });

export { ChartFigure, type ChartTable } from "./ChartFigure";
export { type Datum, type Drawing, type Series, seriesColour } from "./series";
