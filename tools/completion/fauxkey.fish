# fish completion of fauxkey, made by: fauxkey completion fish

function __fauxkey_at -d 'Whether this is the command so far'
    set -l commands \
        'fauxkey run' \
        'fauxkey status' \
        'fauxkey approve' \
        'fauxkey deny' \
        'fauxkey credentials' \
        'fauxkey credentials list' \
        'fauxkey credentials show' \
        'fauxkey credentials rename' \
        'fauxkey credentials delete' \
        'fauxkey credentials purge' \
        'fauxkey credentials export' \
        'fauxkey credentials import' \
        'fauxkey keystore' \
        'fauxkey keystore protect' \
        'fauxkey keystore snapshot' \
        'fauxkey keystore snapshot save' \
        'fauxkey keystore snapshot restore' \
        'fauxkey keystore snapshot fork' \
        'fauxkey keystore snapshot list' \
        'fauxkey keystore snapshot delete' \
        'fauxkey keystore check' \
        'fauxkey keystore compact' \
        'fauxkey keystore info' \
        'fauxkey keystore accept-older' \
        'fauxkey attestation' \
        'fauxkey attestation root' \
        'fauxkey attestation intermediate' \
        'fauxkey attestation crl' \
        'fauxkey persona' \
        'fauxkey persona list' \
        'fauxkey persona show' \
        'fauxkey metadata' \
        'fauxkey doctor' \
        'fauxkey demo' \
        'fauxkey replay' \
        'fauxkey webdriver' \
        'fauxkey attack' \
        'fauxkey ui' \
        'fauxkey version' \
        'fauxkey completion' \
        'fauxkey help'
    set -l at fauxkey
    for word in (commandline -opc)[2..-1]
        if contains -- "$at $word" $commands
            set at "$at $word"
        end
    end
    test "$at" = "$argv"
end

complete -c fauxkey -f
complete -c fauxkey -n '__fauxkey_at fauxkey' -a run -d 'Be a security key, in the foreground, until Ctrl-C'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a status -d 'The keys of the running daemon, and the prompts that wait'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a approve -d 'Say yes to a prompt of the running daemon'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a deny -d 'Say no to a prompt of the running daemon'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a credentials -d 'The discoverable credentials in the keystore'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a keystore -d 'The keystore\'s file: what opens it, snapshots, its health'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a attestation -d 'The certificates by which the key attests'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a persona -d 'What kinds of key fauxkey can be'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a metadata -d 'Tell relying parties of the kinds of key: statements and a signed list'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a doctor -d 'Look for what keeps hosts from seeing a key here, and for what mends it'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a demo -d 'Serve a small site to register and log in at'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a replay -d 'Ask a key what a trace\'s host asked'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a webdriver -d 'Be a browser\'s virtual authenticators, as USB keys'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a attack -d 'Play deviations against a site\'s server and say which ones it failed to reject'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a ui -d 'The inspector: the running daemon\'s keys in a browser'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a version -d 'The program\'s version, and what it computes with'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a completion -d 'Print what a shell needs to complete fauxkey\'s command lines'
complete -c fauxkey -n '__fauxkey_at fauxkey' -a help -d 'What the program or one of its commands does'
complete -c fauxkey -l help -d 'What the command does, and its options'
complete -c fauxkey -l help-all -d 'The same, and what is seldom needed'
complete -c fauxkey -l version -d 'The program\'s version'
complete -c fauxkey -l verbose -d 'Say more of what happens'
complete -c fauxkey -l quiet -d 'Say only what went wrong'
complete -c fauxkey -l color -x -a 'auto always never' -d 'Colours: auto'
complete -c fauxkey -l no-config -d 'Read no configuration file'
complete -c fauxkey -l config -r -F -d 'Take options from this file'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l ephemeral -d 'Keep everything in memory: the key is new at each start'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l approve -x -a 'ask auto deny remote' -d 'Who answers for the user: ask'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l prompt -x -a 'auto notification pinentry terminal' -d 'Where you are asked: notification, pinentry, terminal'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l transport -x -a 'uhid unix: udp:' -d 'What hosts find the key on: uhid'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l pin -x -d 'With --ephemeral: the key starts with this PIN'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l seed -x -d 'With --ephemeral: the same run again, byte for byte, for the same requests'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l persona -x -d 'Be a key of this kind, as fauxkey persona list has them, or as a file says'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l attestation -x -a 'packed self none fido-u2f tpm android-key apple compound' -d 'How new credentials are attested: packed'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l further-attestations -x -a 'packed self none fido-u2f tpm android-key apple compound' -d 'What else the key makes where a platform prefers its format'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l attestation-chain -x -d 'How many certificates attest: 1'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l uv -a 'none prompt fingerprint' -d 'The key verifies its user by itself: by its prompt'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l always-uv -d 'Verify the user for every request'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l enterprise-attestation -x -d 'Offer enterprise attestation, which names this one key, of itself to these relying parties and to those that a managed platform names'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l large-blobs -x -a 'none command extension' -d 'Where platforms keep bytes for a credential: by the largeBlobs command'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l algorithms -x -d 'What new credentials may have, the preferred one first'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l ctap -x -a '2.0 2.1 2.3' -d 'The newest version that the key names: 2.3'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l backup-eligible -d 'Tell sites that new discoverable credentials may be backed up'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l uvm -d 'Offer the uvm extension'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l aaguid -x -d 'The model\'s number'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l presence-timeout -x -d 'How long each question waits for its answer'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l packet-timeout -x -d 'How long a host may take from one packet of a message to the next'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l attestation-root -r -F -d 'The root of all keys\' attestations, those over the control interface too: a certificate and its private key in PEM, made where there is none'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l control -x -d 'Where the control interface is: unix:PATH'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l keyless -d 'No key of its own: keys are plugged in over the control interface'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l trace -r -F -d 'Write all packets and messages, decoded, to this file: JSON Lines, or for Wireshark'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l trace-secrets -d 'With --trace: also what platforms keep on the key in plain'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l fault -x -d 'Go wrong as this rule'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l serial -x -d 'The device\'s serial number, which tells keys apart'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l debug -d 'Allow core dumps and debuggers, which can then see secrets'
complete -c fauxkey -n '__fauxkey_at fauxkey run' -l print-config -d 'Print what these options and the configuration file say, as such a file, and end'
complete -c fauxkey -n '__fauxkey_at fauxkey status' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a list -d 'List them, by site and account'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a show -d 'Show one in full'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a rename -d 'Change the names that a person sees of it'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a delete -d 'Delete one or more, for good'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a purge -d 'Delete all of one site, for good'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a export -d 'Write credentials to a file, encrypted with a passphrase as age does it'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials' -a import -d 'Take credentials from files, all or none'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials list' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials list' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials list' -l json -d 'As JSON, in full'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials show' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials show' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials show' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials rename' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials rename' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials rename' -l name -x -d 'The account\'s name, such as an email address'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials rename' -l display-name -x -d 'The person\'s name'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials delete' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials delete' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials purge' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials purge' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials purge' -l rp -x -d 'The site\'s RP ID, mostly its domain'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials purge' -l yes -d 'Do not ask first'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l format -x -a 'bitwarden cdp cxf fauxkey keepassxc pkcs8 playwright' -d 'fauxkey'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l rp -x -d 'Those of this site'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l plain -d 'Not encrypted: whoever reads the file can log in with it'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l to -r -F -d 'The file, which must not be there yet, or - for stdout'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials export' -l passphrase -x -a 'keyfile: ask env: fd: credential:' -d 'Where the passphrase comes from: ask'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -F
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l format -x -a 'bitwarden cdp cxf fauxkey keepassxc pkcs8 playwright' -d 'What format they have'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l passphrase -x -a 'keyfile: ask env: fd: credential:' -d 'Where the passphrase comes from: ask'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l replace -d 'Take what the keystore has already anew from the files'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l backup-eligible -x -a 'no yes' -d 'Whether sites know the credentials as ones that may be backed up, where the files do not say it'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l rp -x -d 'For a bare private key: its site'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l credential-id -x -d 'For a bare private key: its credential id, base64url'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l user-handle -x -d 'For a bare private key: its user handle, base64url'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l user -x -d 'For a bare private key: the account\'s name'
complete -c fauxkey -n '__fauxkey_at fauxkey credentials import' -l display-name -x -d 'For a bare private key: the person\'s name'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a protect -d 'Change what opens the keystore'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a snapshot -d 'Save the key\'s whole state, and put it back'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a check -d 'Verify every record and name the damaged ones'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a compact -d 'Write the file anew, without the room that deleted records left'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a info -d 'What can be told of the keystore\'s file without opening it'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore' -a accept-older -d 'Go on with a keystore that was put back to an older copy, such as a backup'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore protect' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore protect' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore protect' -l new-unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What is to open it from now on, as --unlock names it'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot' -a save -d 'Keep the key\'s whole state'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot' -a restore -d 'Put the key back to a snapshot'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot' -a fork -d 'Make a keystore of its own out of a snapshot: a cloned key, for tests of clone detection'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot' -a list -d 'List the snapshots'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot' -a delete -d 'Delete a snapshot'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot save' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot save' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot restore' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot restore' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot fork' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot fork' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot fork' -l to -r -F -d 'The new keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot list' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot list' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot list' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot delete' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore snapshot delete' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore check' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore check' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore check' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore check' -l repair -d 'First take what is left for all that there was, so that nothing is missing any more'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore compact' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore compact' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore info' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore info' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore info' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore accept-older' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey keystore accept-older' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation' -a root -d 'Print the root certificate'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation' -a intermediate -d 'Print the certificate'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation' -a crl -d 'Print the revocation lists'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation root' -l attestation-root -r -F -d 'The root of fauxkey run --attestation-root, in place of the keystore\'s own'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation root' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation root' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation intermediate' -l attestation-root -r -F -d 'The root of fauxkey run --attestation-root, in place of the keystore\'s own'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation intermediate' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation intermediate' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation crl' -l attestation-root -r -F -d 'The root of fauxkey run --attestation-root, in place of the keystore\'s own'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation crl' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey attestation crl' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey persona' -a list -d 'List them, the user\'s own first'
complete -c fauxkey -n '__fauxkey_at fauxkey persona' -a show -d 'Print one as its file has it, to copy and change'
complete -c fauxkey -n '__fauxkey_at fauxkey persona list' -l json -d 'One JSON array, for scripts'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l persona -x -d 'Of these kinds alone'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l out -x -d 'Write blob.jwt, root.pem and NAME.json to this folder'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l serve -x -d 'Serve them over HTTP, 127.0.0.1:PORT, until Ctrl-C'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l status -x -d 'Report this of a kind: REVOKED, USER_KEY_REMOTE_COMPROMISE, UPDATE_AVAILABLE, FIDO_CERTIFIED_L1 …'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l next-update -x -d 'When the list is out of date'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l number -x -d 'The list\'s number, which rises'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l bad-signature -d 'The list\'s signature is wrong'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l attestation-root -r -F -d 'The root of fauxkey run --attestation-root, in place of the keystore\'s own'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey metadata' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey doctor' -l store -r -F -d 'The keystore\'s file'
complete -c fauxkey -n '__fauxkey_at fauxkey doctor' -l unlock -x -a 'keyfile: ask env: fd: credential:' -d 'What opens it: keyfile:FILE'
complete -c fauxkey -n '__fauxkey_at fauxkey doctor' -l json -d 'As JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -F
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l to -x -d 'The key to ask: /dev/hidrawN, unix:PATH or udp:HOST:PORT'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l as-key -x -a 'uhid unix: udp:' -d 'Be a key on this transport'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l device -x -d 'Which device of the trace'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l timing -d 'Keep the pauses between the recorded requests'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l json -d 'One JSON object for each answer'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l pin -x -d 'The new key starts with this PIN'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l seed -x -d 'The new key is the same as with fauxkey run --ephemeral --seed N, so that what PINs and tokens authenticate can be replayed'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l persona -x -d 'Be a key of this kind, as fauxkey persona list has them, or as a file says'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l attestation -x -a 'packed self none fido-u2f tpm android-key apple compound' -d 'How new credentials are attested: packed'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l further-attestations -x -a 'packed self none fido-u2f tpm android-key apple compound' -d 'What else the key makes where a platform prefers its format'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l attestation-chain -x -d 'How many certificates attest: 1'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l uv -a 'none prompt fingerprint' -d 'The key verifies its user by itself: by its prompt'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l always-uv -d 'Verify the user for every request'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l enterprise-attestation -x -d 'Offer enterprise attestation, which names this one key, of itself to these relying parties and to those that a managed platform names'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l large-blobs -x -a 'none command extension' -d 'Where platforms keep bytes for a credential: by the largeBlobs command'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l algorithms -x -d 'What new credentials may have, the preferred one first'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l ctap -x -a '2.0 2.1 2.3' -d 'The newest version that the key names: 2.3'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l backup-eligible -d 'Tell sites that new discoverable credentials may be backed up'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l uvm -d 'Offer the uvm extension'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l aaguid -x -d 'The model\'s number'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l presence-timeout -x -d 'How long each question waits for its answer'
complete -c fauxkey -n '__fauxkey_at fauxkey replay' -l packet-timeout -x -d 'How long a host may take from one packet of a message to the next'
complete -c fauxkey -n '__fauxkey_at fauxkey webdriver' -l to -x -d 'Where geckodriver or chromedriver is, such as http://127.0.0.1:4444'
complete -c fauxkey -n '__fauxkey_at fauxkey webdriver' -l listen -x -d 'Where tests find this one'
complete -c fauxkey -n '__fauxkey_at fauxkey webdriver' -l browser-name -x -d 'The browserName that sessions tell, for clients that offer virtual authenticators for some browsers alone'
complete -c fauxkey -n '__fauxkey_at fauxkey webdriver' -l transport -x -a 'uhid unix: udp:' -d 'What the keys are plugged into: uhid'
complete -c fauxkey -n '__fauxkey_at fauxkey webdriver' -l debug -d 'Allow core dumps and debuggers, which can then see secrets'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l site -x -d 'The site\'s address, such as http://localhost:8080'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l site-file -r -F -d 'What the site\'s WebAuthn looks like over HTTP, in TOML'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l origin -x -d 'What browsers call the site, where that is another address than --site'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l scenarios -x -d 'Other scenarios than the program\'s own: a file or a folder of *.toml'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l only -x -d 'Only the scenario of this id, or those whose ids begin so: "reg-*"'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l policy -x -a 'trust attested no-self counters iframes backup extensions' -d 'What the site is strict about by its own choice'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l attestation-root -r -F -d 'The root that the keys\' attestations lead to, which the site may trust'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l list -d 'List the scenarios, and attack nobody'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l junit -r -F -d 'Write the results as JUnit XML'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l html -r -F -d 'Write the results as one HTML page'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l json -r -F -d 'Write the results, or with --list the scenarios, as JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l i-may-test-this-site -d 'The site is not on this machine, and its owner wants this'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l browser -x -d 'Play through a browser with a key of the running daemon: the address of chromedriver or geckodriver'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l capabilities -x -d 'What the browser\'s session is asked for, as WebDriver\'s JSON'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l control -x -d 'Where the daemon\'s control interface is'
complete -c fauxkey -n '__fauxkey_at fauxkey attack' -l transport -x -a 'uhid unix: udp:' -d 'How the browser sees the daemon\'s key'
complete -c fauxkey -n '__fauxkey_at fauxkey ui' -l control -x -d 'Where the daemon\'s control interface is: unix:PATH or 127.0.0.1:PORT'
complete -c fauxkey -n '__fauxkey_at fauxkey ui' -l listen -x -d 'Where the page is'
complete -c fauxkey -n '__fauxkey_at fauxkey ui' -l no-open -d 'Print the page\'s address and open no browser'
complete -c fauxkey -n '__fauxkey_at fauxkey ui' -l debug -d 'Allow core dumps and debuggers, which can then see secrets'
complete -c fauxkey -n '__fauxkey_at fauxkey completion' -a 'bash zsh fish'
complete -c fauxkey -n '__fauxkey_at fauxkey help' -a 'run status approve deny credentials keystore attestation persona metadata doctor demo replay webdriver attack ui version completion help'
