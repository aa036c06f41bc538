import type { Schema } from "@/api/client";

import type { Condition, Definition } from "./reading";

export type NewDefinition = Schema<"RuleDefinition-Input">;

export interface DraftCondition {
  key: string;
  field: string;
  op: Condition["op"];
  /** As typed; several values when the operator takes several. */
  value: string | string[];
}

/** A rule as its form holds it: everything there, so that changing the kind of an effect back loses nothing. */
export interface Draft {
  name: string;
  trigger: "transaction.recorded" | "event.recorded";
  event_type: string;
  effect: "points_per_amount" | "fixed" | "multiplier";
  points: string;
  per: string;
  fixed_points: number | string;
  factor: string;
  scope: "order" | "category" | "sku";
  values: string[];
  except_categories: string[];
  except_skus: string[];
  conditions: DraftCondition[];
  starts_at: string;
  ends_at: string;
  priority: number | string;
  stackable: boolean;
  per_transaction: number | string;
  per_member: number | string;
  period: "day" | "week" | "month" | "year" | "ever";
  budget: number | string;
}

export const emptyDraft: Draft = {
  name: "",
  trigger: "transaction.recorded",
  event_type: "",
  effect: "points_per_amount",
  points: "1",
  per: "1",
  fixed_points: "",
  factor: "2",
  scope: "order",
  values: [],
  except_categories: [],
  except_skus: [],
  conditions: [],
  starts_at: "",
  ends_at: "",
  priority: 0,
  stackable: true,
  per_transaction: "",
  per_member: "",
  period: "month",
  budget: "",
};

const numeric = ["purchase_number", "member_age_days", "weekday", "hour"];
const truths = ["first_purchase", "birthday", "birthday_month"];

export const isTruth = (field: string) => truths.includes(field);
export const takesSeveral = (op: Condition["op"]) => op === "in" || op === "not_in";

/** The form of a rule that there is. */
export function draftOf(rule: Definition): Draft {
  return {
    ...emptyDraft,
    name: rule.name,
    trigger: rule.trigger ?? emptyDraft.trigger,
    event_type: rule.event_type ?? "",
    conditions: (rule.conditions ?? []).map(conditionDraft),
    starts_at: toLocal(rule.window?.starts_at),
    ends_at: toLocal(rule.window?.ends_at),
    priority: rule.priority ?? 0,
    stackable: rule.stackable ?? true,
    ...effectDraft(rule.effect),
    ...scopeDraft(rule.scope),
    ...limitsDraft(rule.limits),
  };
}

function conditionDraft({ field, op, value }: Condition, place: number): DraftCondition {
  return { key: `${place}`, field, op, value: Array.isArray(value) ? value.map(String) : String(value) };
}

function scopeDraft(scope: Definition["scope"]): Partial<Draft> {
  if (!scope) return {};
  return {
    scope: scope.type,
    values: "values" in scope ? scope.values : [],
    except_categories: scope.except?.categories ?? [],
    except_skus: scope.except?.skus ?? [],
  };
}

function limitsDraft(limits: Definition["limits"]): Partial<Draft> {
  const member = limits?.points_per_member;
  return {
    per_transaction: limits?.points_per_transaction ?? "",
    budget: limits?.budget_points ?? "",
    ...(member ? { per_member: member.points, period: member.period } : {}),
  };
}

function effectDraft(effect: Definition["effect"]): Partial<Draft> {
  switch (effect.type) {
    case "points_per_amount":
      return { effect: "points_per_amount", points: effect.points, per: effect.per };
    case "fixed":
      return { effect: "fixed", fixed_points: effect.points };
    case "multiplier":
      return { effect: "multiplier", factor: effect.factor };
  }
}

/** The rule that a form describes; the API has the last word on whether it makes sense. */
export function definitionOf(draft: Draft): NewDefinition {
  const forEvents = draft.trigger === "event.recorded";
  return {
    name: draft.name.trim(),
    trigger: draft.trigger,
    ...(forEvents ? { event_type: draft.event_type } : {}),
    scope: forEvents ? { type: "order" } : scopeOf(draft),
    conditions: draft.conditions.map(conditionOf),
    effect: effectOf(draft),
    window: { starts_at: fromLocal(draft.starts_at), ends_at: fromLocal(draft.ends_at) },
    priority: Number(draft.priority) || 0,
    stackable: draft.stackable,
    limits: {
      points_per_transaction: numberOrNull(draft.per_transaction),
      points_per_member: draft.per_member === "" ? null : { points: Number(draft.per_member), period: draft.period },
      budget_points: numberOrNull(draft.budget),
    },
  };
}

function effectOf(draft: Draft): NewDefinition["effect"] {
  switch (draft.effect) {
    case "points_per_amount":
      return { type: "points_per_amount", points: dotted(draft.points), per: dotted(draft.per) };
    case "fixed":
      return { type: "fixed", points: Number(draft.fixed_points) };
    case "multiplier":
      return { type: "multiplier", factor: dotted(draft.factor) };
  }
}

function scopeOf(draft: Draft): NewDefinition["scope"] {
  const excepted = draft.except_categories.length + draft.except_skus.length > 0;
  const except = { categories: draft.except_categories, skus: draft.except_skus };
  const rest = excepted && draft.effect !== "multiplier" ? { except } : {};
  if (draft.scope === "order" || draft.effect === "multiplier") return { type: "order", ...rest };
  return { type: draft.scope, values: draft.values, ...rest };
}

function conditionOf({ field, op, value }: DraftCondition): Condition {
  const read = (one: string): string | number | boolean => {
    if (isTruth(field)) return one === "true";
    if (numeric.includes(field)) return Number(one);
    return field === "amount" || field === "scope_amount" ? dotted(one) : one;
  };
  if (takesSeveral(op)) return { field, op, value: (Array.isArray(value) ? value : [value]).map(read) };
  return { field, op, value: read(Array.isArray(value) ? (value[0] ?? "") : value) };
}

const dotted = (typed: string) => typed.trim().replace(",", ".");
const numberOrNull = (typed: number | string) => (typed === "" ? null : Number(typed));

/** A time of the API as a field for date and time wants it, in the user's zone; and back. */
export function toLocal(moment: string | null | undefined): string {
  if (!moment) return "";
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(typed: string): string | null {
  return typed ? new Date(typed).toISOString() : null;
}

/** Whether the form says enough to reckon with: what the API would refuse for being empty is still being typed. */
export function isComplete({ name, effect, scope, conditions = [] }: NewDefinition): boolean {
  const numbers = effect.type === "points_per_amount" ? [effect.points, effect.per] : [amountOf(effect)];
  const named = !scope || scope.type === "order" || scope.values.length > 0;
  const said = conditions.every(({ value }) => (Array.isArray(value) ? value.length > 0 : value !== ""));
  return name !== "" && numbers.every((number) => Number(number) > 0) && named && said;
}

const amountOf = (effect: Exclude<NewDefinition["effect"], { type: "points_per_amount" }>) =>
  effect.type === "fixed" ? effect.points : effect.factor;
