// The faults that a person may want, as rules of the control interface (docs/faults.md has them all).

export const COMMANDS = [
  ["", "any request"], ["makeCredential", "registration (makeCredential)"], ["getAssertion", "login (getAssertion)"],
  ["getInfo", "getInfo"], ["clientPIN", "clientPIN"], ["reset", "reset"], ["credentialManagement", "credentialManagement"],
  ["largeBlobs", "largeBlobs"], ["u2f.register", "U2F registration"], ["u2f.authenticate", "U2F login"],
];

/** [group, [[label, action, command], …]] */
export const KINDS = [
  ["Refusals", [
    ["Refuses: OPERATION_DENIED", {type: "status", status: "OPERATION_DENIED"}, "getAssertion"],
    ["Refuses: NO_CREDENTIALS", {type: "status", status: "NO_CREDENTIALS"}, "getAssertion"],
    ["Refuses: KEY_STORE_FULL", {type: "status", status: "KEY_STORE_FULL"}, "makeCredential"],
    ["PIN is blocked", {type: "pinBlocked"}, "clientPIN"],
    ["PIN wants a power cycle", {type: "pinAuthBlocked"}, "clientPIN"],
    ["Own verification is blocked", {type: "uvBlocked"}, "getAssertion"],
  ]],
  ["Time", [
    ["Answers 3 s late", {type: "delay", milliseconds: 3000}, ""],
    ["Says nothing", {type: "noAnswer"}, "getAssertion"],
    ["Is at work for ever", {type: "keepaliveForEver", upNeeded: true}, "getAssertion"],
    ["Is busy", {type: "busy"}, ""],
  ]],
  ["On the wire", [
    ["Loses a packet", {type: "dropPacket", packet: 1}, ""],
    ["Flips a bit", {type: "corruptPacket"}, ""],
    ["Is unplugged while it answers", {type: "unplugInTheMiddle"}, ""],
    ["Cuts the answer short", {type: "truncateCbor"}, ""],
    ["Encodes CBOR otherwise than allowed", {type: "nonCanonicalCbor", encoding: "mapOrder"}, ""],
  ]],
  ["Lies to the site", [
    ["Is a clone: its counter goes back", {type: "counterBack"}, "getAssertion"],
    ["Signs wrongly", {type: "bogusSignature"}, "getAssertion"],
    ["Names another site", {type: "rpIdHash", rpId: "other.example"}, "getAssertion"],
    ["Was not touched (UP is 0)", {type: "flag", flag: "UP", set: false}, "getAssertion"],
    ["Attests by an expired certificate", {type: "attestation", statement: "expired"}, "makeCredential"],
    ["Gives another's user handle", {type: "userHandleOfAnother"}, "getAssertion"],
  ]],
];

/** A rule's action in a line. */
export function actionText({type, ...parameters}) {
  const more = Object.entries(parameters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [type, ...more].join(", ");
}

export function matchText(match) {
  return [
    match.command ?? "any request",
    match.subCommand === undefined ? null : `subcommand ${match.subCommand}`,
    match.rpId ? `of ${match.rpId}` : null,
    match.nth > 1 ? `from no. ${match.nth} on` : null,
  ].filter(Boolean).join(" ");
}
