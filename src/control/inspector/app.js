// The inspector: begins all of its parts.
import {takeToken} from "./api.js";
import {setUpConnection} from "./connection.js";
import {pollKeys, run} from "./events.js";
import {setUpKeyPanel} from "./key_panel.js";
import {setUpKeys} from "./keys.js";
import {setUpPlugIn} from "./plug_in.js";
import {setUpPrompts} from "./prompts.js";
import {setUpShortcuts} from "./shortcuts.js";
import {setUpTheme} from "./theme.js";
import {setUpTrace} from "./trace.js";

takeToken();
// A new link in the same tab is no new page.
addEventListener("hashchange", () => {
  if (takeToken()) location.reload();
});
setUpTheme();
setUpConnection();
setUpKeys();
setUpKeyPanel();
setUpPrompts();
setUpTrace();
setUpPlugIn();
setUpShortcuts();
pollKeys();
run();
