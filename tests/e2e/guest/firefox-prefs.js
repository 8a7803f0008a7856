// Firefox without first-run pages and background traffic, with USB keys and without its built-in software token.
user_pref("security.webauth.webauthn_enable_softtoken", false);
user_pref("security.webauth.webauthn_enable_usbtoken", true);
user_pref("security.webauthn.ctap2", true);
// its dialogs take a click at once: nobody is there to be surprised by them
user_pref("security.notification_enable_delay", 0);
user_pref("security.dialog_enable_delay", 0);
user_pref("marionette.port", 2828);
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage", "about:blank");
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.disable_beforeunload", true);
// no process in reserve, which an emulated processor has to start too
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.cosmeticAnimations.enabled", false);
user_pref("toolkit.startup.max_resumed_crashes", -1);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("ui.prefersReducedMotion", 1);
