"use client";

import { useTextIn } from "@laurel/ui";

import { de } from "./de";
import { en } from "./en";

const languages = { en, de };

/** Every text of this app, in the language chosen. */
export const useText = () => useTextIn(languages);
