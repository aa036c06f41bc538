import type * as en from "../en/standing";

export const standing: typeof en.standing = {
  active: "Aktiv",
  awarded: "Gutgeschrieben",
  completed: "Abgeschlossen",
  recorded: "Erfasst",
  pending: "Ausstehend",
  queued: "Wartet",
  running: "Läuft",
  reserved: "Reserviert",
  shadow: "In Erprobung",
  draft: "Entwurf",
  suspended: "Gesperrt",
  refunded: "Erstattet",
  reversed: "Punkte zurückgebucht",
  cancelled: "Storniert",
  retired: "Beendet",
  erased: "Gelöscht",
  rejected: "Abgelehnt",
  failed: "Fehlgeschlagen",
  delivered: "Zugestellt",
  open: "Offen",
  over_limit: "Über der Grenze",
  lapsed: "Verfallen",
  revoked: "Zurückgenommen",
};

export const rejections: typeof en.rejections = {
  insufficient_points: "zu wenig Punkte",
  out_of_stock: "vergriffen",
  limit_reached: "Grenze erreicht",
  tier_not_eligible: "Stufe nicht berechtigt",
  reward_inactive: "Prämie nicht im Angebot",
  member_inactive: "Mitglied nicht aktiv",
};

export const periods: typeof en.periods = {
  day: "Tag",
  week: "Woche",
  month: "Monat",
  year: "Jahr",
  ever: "insgesamt",
};
