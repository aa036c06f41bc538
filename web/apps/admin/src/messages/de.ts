import { audit } from "./de/audit";
import { common } from "./de/common";
import { consoleText } from "./de/console";
import { members } from "./de/members";
import { rewards, tiers } from "./de/offers";
import { admins, merchants, pipeline } from "./de/operation";
import { referrals, secrets, signing, webhooks } from "./de/outside";
import { overview } from "./de/overview";
import { program, reports, transfer } from "./de/program";
import { replays } from "./de/replays";
import { rules } from "./de/rules";
import { periods, rejections, standing } from "./de/standing";
import { redemptions, transactions } from "./de/purchases";

export const de = {
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
