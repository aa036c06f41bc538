import { audit } from "./en/audit";
import { common } from "./en/common";
import { consoleText } from "./en/console";
import { members } from "./en/members";
import { rewards, tiers } from "./en/offers";
import { admins, merchants, pipeline } from "./en/operation";
import { referrals, secrets, signing, webhooks } from "./en/outside";
import { overview } from "./en/overview";
import { program, reports, transfer } from "./en/program";
import { replays } from "./en/replays";
import { rules } from "./en/rules";
import { periods, rejections, standing } from "./en/standing";
import { redemptions, transactions } from "./en/purchases";

export const en = {
  admins,
  audit,
  common,
  console: consoleText,
  members,
  merchants,
  overview,
  periods,
  pipeline,
  program,
  redemptions,
  referrals,
  rejections,
  replays,
  reports,
  rewards,
  rules,
  secrets,
  signing,
  standing,
  tiers,
  transactions,
  transfer,
  webhooks,
};
