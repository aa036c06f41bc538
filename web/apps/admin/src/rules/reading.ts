import type { Format } from "@laurel/ui";

import type { Schema } from "@/api/client";
import type { Messages } from "@/messages";

export type Definition = Schema<"RuleDefinition-Output">;
export type Condition = Schema<"Condition">;
export type Part = keyof Messages["rules"]["parts"];

/** What a reading needs to know besides the rule: words, and the names behind codes and ids. */
export interface Reader {
  text: Messages;
  format: Format;
  currency: string;
  tiers: Record<string, string>;
  merchants: Record<string, string>;
}

/** What a rule says in plain words, part by part; a part with nothing to say is null. */
export function read(rule: Definition, reader: Reader): Record<Part, string | null> {
  return {
    name: rule.name,
    effect: readEffect(rule.effect, reader),
    scope: readScope(rule, reader),
    conditions: readConditions(rule.conditions ?? [], reader),
    window: readWindow(rule.window, reader),
    limits: readLimits(rule.limits, reader),
    together: readTogether(rule, reader),
  };
}

/** The whole rule as one sentence. */
export function sentence(rule: Definition, reader: Reader): string {
  const { effect, scope, conditions, window, limits } = read(rule, reader);
  const body = [effect, scope, conditions && reader.text.rules.say.when(conditions), window].filter(Boolean).join(" ");
  return `${[body, limits].filter(Boolean).join("; ")}.`;
}

/** What reads differently between two versions: the part, before and after. */
export function differences(before: Definition, after: Definition, reader: Reader) {
  const [was, is] = [read(before, reader), read(after, reader)];
  return (Object.keys(is) as Part[])
    .filter((part) => was[part] !== is[part])
    .map((part) => ({ part, before: was[part], after: is[part] }));
}

function readEffect(effect: Definition["effect"], { text, format, currency }: Reader): string {
  const { say } = text.rules;
  switch (effect.type) {
    case "points_per_amount":
      return say.pointsPer(points(effect.points, format), format.money(effect.per, currency));
    case "fixed":
      return say.fixed(format.points(effect.points));
    case "multiplier":
      return say.multiplier(format.decimal(effect.factor));
  }
}

/** Points of a rule may be broken: 1.5 points. */
function points(exact: string, format: Format): string {
  return Number.isInteger(Number(exact))
    ? format.points(Number(exact))
    : format.points(2).replace("2", format.decimal(exact));
}

function readScope({ scope, trigger, event_type }: Definition, { text }: Reader): string | null {
  const { say } = text.rules;
  if (trigger === "event.recorded") return say.event(event_type ?? "");
  if (!scope) return say.order;
  const where = scope.type === "order" ? say.order : say[scope.type](either(scope.values, text));
  const excepted = [...(scope.except?.categories ?? []), ...(scope.except?.skus ?? [])];
  return excepted.length === 0 ? where : `${where}, ${say.except(either(excepted, text))}`;
}

function readConditions(conditions: Condition[], reader: Reader): string | null {
  if (conditions.length === 0) return null;
  return conditions.map((condition) => readCondition(condition, reader)).join(` ${reader.text.rules.say.and} `);
}

function readCondition({ field, op, value }: Condition, reader: Reader): string {
  const { rules } = reader.text;
  const yes = (op === "eq") === (value === true);
  if (field === "first_purchase") return yes ? rules.say.isFirst : rules.say.notFirst;
  if (field === "birthday") return yes ? rules.say.isBirthday : rules.say.notBirthday;
  if (field === "birthday_month") return yes ? rules.say.isBirthdayMonth : rules.say.notBirthdayMonth;
  const values = (Array.isArray(value) ? value : [value]).map((one) => readValue(field, one, reader));
  const named = Object.entries(rules.fields).find(([name]) => name === field)?.[1];
  return rules.say.condition(named ?? field, rules.ops[op], either(values, reader.text));
}

function readValue(field: string, value: string | number | boolean, reader: Reader): string {
  const { text, format, currency, tiers, merchants } = reader;
  switch (field) {
    case "amount":
    case "scope_amount":
      return format.money(String(value), currency);
    case "weekday":
      return text.rules.weekdays[Number(value) - 1] ?? String(value);
    case "tier":
      return tiers[String(value)] ?? String(value);
    case "merchant_id":
      return merchants[String(value)] ?? String(value);
    case "hour":
      return `${String(value)}:00`;
    default:
      return String(value);
  }
}

function readWindow(window: Definition["window"], { text, format }: Reader): string | null {
  const { say } = text.rules;
  const ends = [
    window?.starts_at && say.from(format.dateTime(window.starts_at)),
    window?.ends_at && say.until(format.dateTime(window.ends_at)),
  ];
  return ends.filter(Boolean).join(" ") || null;
}

function readLimits(limits: Definition["limits"], { text, format }: Reader): string | null {
  const { say } = text.rules;
  const member = limits?.points_per_member;
  const named = [
    limits?.points_per_transaction && say.limitTransaction(format.points(limits.points_per_transaction)),
    member?.period === "ever" && say.limitMemberEver(format.points(member.points)),
    member && member.period !== "ever" && say.limitMember(format.points(member.points), text.periods[member.period]),
    limits?.budget_points && say.budget(format.points(limits.budget_points)),
  ];
  return named.filter(Boolean).join(", ") || null;
}

function readTogether({ stackable, priority }: Definition, { text, format }: Reader): string {
  const { say } = text.rules;
  return stackable === false ? say.alone(format.number(priority ?? 0)) : say.stacks;
}

function either(names: string[], text: Messages): string {
  return names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} ${text.rules.say.or} ${names[names.length - 1]}`;
}
