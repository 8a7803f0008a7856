# bash completion of fauxkey, made by: fauxkey completion bash

_fauxkey() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=fauxkey words='' options='' i
  COMPREPLY=()
  # --approve=au comes as three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' && $COMP_CWORD -gt 1 ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
      'fauxkey run' | \
      'fauxkey status' | \
      'fauxkey approve' | \
      'fauxkey deny' | \
      'fauxkey credentials' | \
      'fauxkey credentials list' | \
      'fauxkey credentials show' | \
      'fauxkey credentials rename' | \
      'fauxkey credentials delete' | \
      'fauxkey credentials purge' | \
      'fauxkey credentials export' | \
      'fauxkey credentials import' | \
      'fauxkey keystore' | \
      'fauxkey keystore protect' | \
      'fauxkey keystore snapshot' | \
      'fauxkey keystore snapshot save' | \
      'fauxkey keystore snapshot restore' | \
      'fauxkey keystore snapshot fork' | \
      'fauxkey keystore snapshot list' | \
      'fauxkey keystore snapshot delete' | \
      'fauxkey keystore check' | \
      'fauxkey keystore compact' | \
      'fauxkey keystore info' | \
      'fauxkey keystore accept-older' | \
      'fauxkey attestation' | \
      'fauxkey attestation root' | \
      'fauxkey attestation intermediate' | \
      'fauxkey attestation crl' | \
      'fauxkey persona' | \
      'fauxkey persona list' | \
      'fauxkey persona show' | \
      'fauxkey metadata' | \
      'fauxkey doctor' | \
      'fauxkey demo' | \
      'fauxkey replay' | \
      'fauxkey webdriver' | \
      'fauxkey attack' | \
      'fauxkey ui' | \
      'fauxkey version' | \
      'fauxkey completion' | \
      'fauxkey help')
        at+=" ${COMP_WORDS[i]}"
        ;;
    esac
  done
  case "$at $prev" in
    *' --color')
      mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
      return
      ;;
    *' --config')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey run --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey run --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey run --approve')
      mapfile -t COMPREPLY < <(compgen -W 'ask auto deny remote' -- "$cur")
      return
      ;;
    'fauxkey run --prompt')
      mapfile -t COMPREPLY < <(compgen -W 'auto notification pinentry terminal' -- "$cur")
      return
      ;;
    'fauxkey run --transport')
      mapfile -t COMPREPLY < <(compgen -W 'uhid unix: udp:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey run --pin')
      :
      return
      ;;
    'fauxkey run --seed')
      :
      return
      ;;
    'fauxkey run --persona')
      :
      return
      ;;
    'fauxkey run --attestation')
      mapfile -t COMPREPLY < <(compgen -W 'packed self none fido-u2f tpm android-key apple compound' -- "$cur")
      return
      ;;
    'fauxkey run --further-attestations')
      mapfile -t COMPREPLY < <(compgen -W 'packed self none fido-u2f tpm android-key apple compound' -- "$cur")
      return
      ;;
    'fauxkey run --attestation-chain')
      :
      return
      ;;
    'fauxkey run --uv')
      mapfile -t COMPREPLY < <(compgen -W 'none prompt fingerprint' -- "$cur")
      return
      ;;
    'fauxkey run --enterprise-attestation')
      :
      return
      ;;
    'fauxkey run --large-blobs')
      mapfile -t COMPREPLY < <(compgen -W 'none command extension' -- "$cur")
      return
      ;;
    'fauxkey run --algorithms')
      :
      return
      ;;
    'fauxkey run --ctap')
      mapfile -t COMPREPLY < <(compgen -W '2.0 2.1 2.3' -- "$cur")
      return
      ;;
    'fauxkey run --aaguid')
      :
      return
      ;;
    'fauxkey run --presence-timeout')
      :
      return
      ;;
    'fauxkey run --packet-timeout')
      :
      return
      ;;
    'fauxkey run --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey run --control')
      :
      return
      ;;
    'fauxkey run --trace')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey run --fault')
      :
      return
      ;;
    'fauxkey run --serial')
      :
      return
      ;;
    'fauxkey credentials list --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials list --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials show --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials show --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials rename --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials rename --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials rename --name')
      :
      return
      ;;
    'fauxkey credentials rename --display-name')
      :
      return
      ;;
    'fauxkey credentials delete --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials delete --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials purge --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials purge --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials purge --rp')
      :
      return
      ;;
    'fauxkey credentials export --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials export --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials export --format')
      mapfile -t COMPREPLY < <(compgen -W 'bitwarden cdp cxf fauxkey keepassxc pkcs8 playwright' -- "$cur")
      return
      ;;
    'fauxkey credentials export --rp')
      :
      return
      ;;
    'fauxkey credentials export --to')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials export --passphrase')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials import --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey credentials import --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials import --format')
      mapfile -t COMPREPLY < <(compgen -W 'bitwarden cdp cxf fauxkey keepassxc pkcs8 playwright' -- "$cur")
      return
      ;;
    'fauxkey credentials import --passphrase')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey credentials import --backup-eligible')
      mapfile -t COMPREPLY < <(compgen -W 'no yes' -- "$cur")
      return
      ;;
    'fauxkey credentials import --rp')
      :
      return
      ;;
    'fauxkey credentials import --credential-id')
      :
      return
      ;;
    'fauxkey credentials import --user-handle')
      :
      return
      ;;
    'fauxkey credentials import --user')
      :
      return
      ;;
    'fauxkey credentials import --display-name')
      :
      return
      ;;
    'fauxkey keystore protect --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore protect --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore protect --new-unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot save --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot save --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot restore --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot restore --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot fork --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot fork --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot fork --to')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot list --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot list --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot delete --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore snapshot delete --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore check --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore check --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore compact --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore compact --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore info --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore info --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey keystore accept-older --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey keystore accept-older --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey attestation root --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation root --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation root --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey attestation intermediate --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation intermediate --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation intermediate --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey attestation crl --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation crl --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attestation crl --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey metadata --persona')
      :
      return
      ;;
    'fauxkey metadata --out')
      :
      return
      ;;
    'fauxkey metadata --serve')
      :
      return
      ;;
    'fauxkey metadata --status')
      :
      return
      ;;
    'fauxkey metadata --next-update')
      :
      return
      ;;
    'fauxkey metadata --number')
      :
      return
      ;;
    'fauxkey metadata --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey metadata --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey metadata --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey doctor --store')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey doctor --unlock')
      mapfile -t COMPREPLY < <(compgen -W 'keyfile: ask env: fd: credential:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey replay --to')
      :
      return
      ;;
    'fauxkey replay --as-key')
      mapfile -t COMPREPLY < <(compgen -W 'uhid unix: udp:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey replay --device')
      :
      return
      ;;
    'fauxkey replay --pin')
      :
      return
      ;;
    'fauxkey replay --seed')
      :
      return
      ;;
    'fauxkey replay --persona')
      :
      return
      ;;
    'fauxkey replay --attestation')
      mapfile -t COMPREPLY < <(compgen -W 'packed self none fido-u2f tpm android-key apple compound' -- "$cur")
      return
      ;;
    'fauxkey replay --further-attestations')
      mapfile -t COMPREPLY < <(compgen -W 'packed self none fido-u2f tpm android-key apple compound' -- "$cur")
      return
      ;;
    'fauxkey replay --attestation-chain')
      :
      return
      ;;
    'fauxkey replay --uv')
      mapfile -t COMPREPLY < <(compgen -W 'none prompt fingerprint' -- "$cur")
      return
      ;;
    'fauxkey replay --enterprise-attestation')
      :
      return
      ;;
    'fauxkey replay --large-blobs')
      mapfile -t COMPREPLY < <(compgen -W 'none command extension' -- "$cur")
      return
      ;;
    'fauxkey replay --algorithms')
      :
      return
      ;;
    'fauxkey replay --ctap')
      mapfile -t COMPREPLY < <(compgen -W '2.0 2.1 2.3' -- "$cur")
      return
      ;;
    'fauxkey replay --aaguid')
      :
      return
      ;;
    'fauxkey replay --presence-timeout')
      :
      return
      ;;
    'fauxkey replay --packet-timeout')
      :
      return
      ;;
    'fauxkey webdriver --to')
      :
      return
      ;;
    'fauxkey webdriver --listen')
      :
      return
      ;;
    'fauxkey webdriver --browser-name')
      :
      return
      ;;
    'fauxkey webdriver --transport')
      mapfile -t COMPREPLY < <(compgen -W 'uhid unix: udp:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey attack --site')
      :
      return
      ;;
    'fauxkey attack --site-file')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attack --origin')
      :
      return
      ;;
    'fauxkey attack --scenarios')
      :
      return
      ;;
    'fauxkey attack --only')
      :
      return
      ;;
    'fauxkey attack --policy')
      mapfile -t COMPREPLY < <(compgen -W 'trust attested no-self counters iframes backup extensions' -- "$cur")
      return
      ;;
    'fauxkey attack --attestation-root')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attack --junit')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attack --html')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attack --json')
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    'fauxkey attack --browser')
      :
      return
      ;;
    'fauxkey attack --capabilities')
      :
      return
      ;;
    'fauxkey attack --control')
      :
      return
      ;;
    'fauxkey attack --transport')
      mapfile -t COMPREPLY < <(compgen -W 'uhid unix: udp:' -- "$cur")
      [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
      return
      ;;
    'fauxkey ui --control')
      :
      return
      ;;
    'fauxkey ui --listen')
      :
      return
      ;;
  esac
  case $at in
    'fauxkey run')
      options='--store --unlock --ephemeral --approve --prompt --transport --pin --seed --persona --attestation --further-attestations --attestation-chain --uv --always-uv --enterprise-attestation --large-blobs --algorithms --ctap --backup-eligible --uvm --aaguid --presence-timeout --packet-timeout --attestation-root --control --keyless --trace --trace-secrets --fault --serial --debug --print-config'
      ;;
    'fauxkey status')
      options='--json'
      ;;
    'fauxkey approve')
      ;;
    'fauxkey deny')
      ;;
    'fauxkey credentials')
      words='list show rename delete purge export import'
      ;;
    'fauxkey credentials list')
      options='--store --unlock --json'
      ;;
    'fauxkey credentials show')
      options='--store --unlock --json'
      ;;
    'fauxkey credentials rename')
      options='--store --unlock --name --display-name'
      ;;
    'fauxkey credentials delete')
      options='--store --unlock'
      ;;
    'fauxkey credentials purge')
      options='--store --unlock --rp --yes'
      ;;
    'fauxkey credentials export')
      options='--store --unlock --format --rp --plain --to --passphrase'
      ;;
    'fauxkey credentials import')
      options='--store --unlock --format --passphrase --replace --backup-eligible --rp --credential-id --user-handle --user --display-name'
      [[ $cur == -* ]] || {
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames 2>/dev/null
        return
      }
      ;;
    'fauxkey keystore')
      words='protect snapshot check compact info accept-older'
      ;;
    'fauxkey keystore protect')
      options='--store --unlock --new-unlock'
      ;;
    'fauxkey keystore snapshot')
      words='save restore fork list delete'
      ;;
    'fauxkey keystore snapshot save')
      options='--store --unlock'
      ;;
    'fauxkey keystore snapshot restore')
      options='--store --unlock'
      ;;
    'fauxkey keystore snapshot fork')
      options='--store --unlock --to'
      ;;
    'fauxkey keystore snapshot list')
      options='--store --unlock --json'
      ;;
    'fauxkey keystore snapshot delete')
      options='--store --unlock'
      ;;
    'fauxkey keystore check')
      options='--store --unlock --json --repair'
      ;;
    'fauxkey keystore compact')
      options='--store --unlock'
      ;;
    'fauxkey keystore info')
      options='--store --unlock --json'
      ;;
    'fauxkey keystore accept-older')
      options='--store --unlock'
      ;;
    'fauxkey attestation')
      words='root intermediate crl'
      ;;
    'fauxkey attestation root')
      options='--attestation-root --store --unlock'
      ;;
    'fauxkey attestation intermediate')
      options='--attestation-root --store --unlock'
      ;;
    'fauxkey attestation crl')
      options='--attestation-root --store --unlock'
      ;;
    'fauxkey persona')
      words='list show'
      ;;
    'fauxkey persona list')
      options='--json'
      ;;
    'fauxkey persona show')
      ;;
    'fauxkey metadata')
      options='--persona --out --serve --status --next-update --number --bad-signature --attestation-root --store --unlock'
      ;;
    'fauxkey doctor')
      options='--store --unlock --json'
      ;;
    'fauxkey demo')
      ;;
    'fauxkey replay')
      options='--to --as-key --device --timing --json --pin --seed --persona --attestation --further-attestations --attestation-chain --uv --always-uv --enterprise-attestation --large-blobs --algorithms --ctap --backup-eligible --uvm --aaguid --presence-timeout --packet-timeout'
      [[ $cur == -* ]] || {
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames 2>/dev/null
        return
      }
      ;;
    'fauxkey webdriver')
      options='--to --listen --browser-name --transport --debug'
      ;;
    'fauxkey attack')
      options='--site --site-file --origin --scenarios --only --policy --attestation-root --list --junit --html --json --i-may-test-this-site --browser --capabilities --control --transport'
      ;;
    'fauxkey ui')
      options='--control --listen --no-open --debug'
      ;;
    'fauxkey version')
      ;;
    'fauxkey completion')
      words='bash zsh fish'
      ;;
    'fauxkey help')
      words='run status approve deny credentials keystore attestation persona metadata doctor demo replay webdriver attack ui version completion help'
      ;;
    *)
      words='run status approve deny credentials keystore attestation persona metadata doctor demo replay webdriver attack ui version completion help'
      ;;
  esac
  [[ $cur != -* ]] || words="$options "'--help --help-all --version --verbose --quiet --color --no-config --config'
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _fauxkey fauxkey
