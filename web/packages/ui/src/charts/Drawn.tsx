"use client";

import "@mantine/charts/styles.css";

import { BarChart, LineChart } from "@mantine/charts";

import { type Drawing, type Series, seriesColour } from "./series";

const axes = { tickLine: "none" as const, gridAxis: "x" as const, strokeDasharray: "0" };
const still = { isAnimationActive: false };

/** One bar a datum, its series on top of each other; what is negative hangs below the line. */
export function DrawnBars({ data, along, series, told, ticks, height = 240 }: Drawing) {
  return (
    <BarChart
      {...axes}
      h={height}
      data={data}
      dataKey={along}
      series={series.map(drawn)}
      type="stacked"
      valueFormatter={told}
      yAxisProps={{ tickFormatter: ticks, width: 52, allowDecimals: false }}
      xAxisProps={{ minTickGap: 24 }}
      barChartProps={{ stackOffset: "sign", accessibilityLayer: false }}
      barProps={still}
      maxBarWidth={28}
      withLegend={series.length > 1}
    />
  );
}

/** A line a series. */
export function DrawnLines({ data, along, series, told, ticks, height = 240 }: Drawing) {
  return (
    <LineChart
      {...axes}
      h={height}
      data={data}
      dataKey={along}
      series={series.map(drawn)}
      curveType="monotone"
      strokeWidth={2}
      withDots={data.length < 3}
      valueFormatter={told}
      yAxisProps={{ tickFormatter: ticks, width: 52, allowDecimals: false }}
      xAxisProps={{ minTickGap: 24 }}
      lineChartProps={{ accessibilityLayer: false }}
      lineProps={still}
      withLegend={series.length > 1}
    />
  );
}

/** A bar a datum from left to right, its name before it. For rankings. */
export function DrawnRanking({ data, along, series, told, ticks, height }: Drawing) {
  return (
    <BarChart
      {...axes}
      gridAxis="y"
      orientation="vertical"
      h={height ?? 60 + data.length * 28 * series.length}
      data={data}
      dataKey={along}
      series={series.map(drawn)}
      valueFormatter={told}
      yAxisProps={{ width: 130 }}
      xAxisProps={{ tickFormatter: ticks }}
      barChartProps={{ accessibilityLayer: false }}
      barProps={still}
      maxBarWidth={22}
      withLegend={series.length > 1}
    />
  );
}

function drawn({ name, label, place, dashed }: Series) {
  return { name, label, color: seriesColour(place), strokeDasharray: dashed ? "5 4" : undefined };
}
