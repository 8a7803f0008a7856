// Light or dark: as the system has it, unless a person chooses.
import {byId, setText} from "./dom.js";

const KEPT = "fauxkey.theme";
const CHOICES = ["auto", "light", "dark"];
const NAMES = {auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark"};

export function setUpTheme() {
  const button = byId("theme");
  const show = (choice) => {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    setText(button, NAMES[choice]);
  };
  let choice = localStorage.getItem(KEPT) ?? "auto";
  if (!CHOICES.includes(choice)) choice = "auto";
  show(choice);
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    localStorage.setItem(KEPT, choice);
    show(choice);
  });
}
