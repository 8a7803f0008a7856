# Run by CPack between installing into its own folder and packing that: what only Debian's packages want, with the version that cpack was
# given (cpack -D CPACK_PACKAGE_VERSION=...).
set(tree ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(documents ${tree}/doc/fauxkey)
file(COPY_FILE ${CPACK_FAUXKEY_PACKAGING}/copyright ${documents}/copyright)

set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # that of SOURCE_DATE_EPOCH where it is set
file(WRITE ${documents}/changelog.Debian "fauxkey (${version}) unstable; urgency=medium

  * This version, packaged by CPack; README.md tells what it can do.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")

file(GLOB pages ${tree}/man/man?/*)
execute_process(COMMAND gzip -9n ${pages} ${documents}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
file(GLOB installed ${tree}/man/man?/*.gz ${documents}/copyright ${documents}/changelog.Debian.gz)
file(CHMOD ${installed} FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
