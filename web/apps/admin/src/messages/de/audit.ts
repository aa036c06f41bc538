import type { audit as en } from "../en/audit";

export const audit: typeof en = {
  title: "Protokoll",
  detail: "Jede Änderung: wer, woran, vorher und nachher. Hier lässt sich nichts ändern.",
  who: "Wer",
  what: "Was",
  subject: "Gegenstand",
  action: "Aktion",
  actionHint: "Eine Aktion, etwa rule.activated",
  subjectKind: "Gegenstand",
  actors: {
    admin: "Administrator",
    merchant: "Händler",
    member: "Mitglied",
    operator: "Betreiber",
    system: "System",
  },
  field: "Feld",
  before: "Vorher",
  after: "Nachher",
  nothingChanged: "Dazu wurden keine Felder festgehalten.",
  request: "Anfrage",
  address: "Adresse",
  none: "Noch nichts wurde geändert",
};
