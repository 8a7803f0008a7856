# The Debian package: cmake --preset release && cmake --build --preset release --target fauxkey && cpack --preset release
#
# What it has besides the program and udev/: man pages, completion files, documents. The clients in clients/ are packages of their own, of
# Python's and JavaScript's kinds.
set(FAUXKEY_MAINTAINER "The fauxkey maintainers <fauxkey@packages.invalid>" CACHE STRING "Who answers for the Debian package")

foreach(section 1 5 7)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.${section})
  install(FILES ${pages} DESTINATION share/man/man${section})
endforeach()

# File and folder by shell, as Debian's shells look for them.
foreach(completion "fauxkey.bash share/bash-completion/completions fauxkey" "_fauxkey share/zsh/vendor-completions _fauxkey"
        "fauxkey.fish share/fish/vendor_completions.d fauxkey.fish")
  separate_arguments(completion UNIX_COMMAND "${completion}")
  list(GET completion 0 file)
  list(GET completion 1 folder)
  list(GET completion 2 name)
  if(EXISTS ${CMAKE_SOURCE_DIR}/tools/completion/${file})
    install(FILES ${CMAKE_SOURCE_DIR}/tools/completion/${file} DESTINATION ${folder} RENAME ${name})
  endif()
endforeach()

file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION share/doc/fauxkey)
install(FILES ${documents} DESTINATION share/doc/fauxkey/docs)

# --- the package

# A package of Debian's own with the same version is newer than ours, and ours for Debian 13 is newer than ours for 12.
file(STRINGS /etc/os-release release REGEX "^VERSION_ID=")
string(REGEX MATCH "[0-9]+" release "${release}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "1~deb${release}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fauxkey)
set(CPACK_PACKAGE_CONTACT "${FAUXKEY_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The device's rules and module; a session that asks its user; where there is no desktop, asking in the terminal.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
    "udev, kmod, libpam-systemd, dbus-user-session, dunst | notification-daemon, pinentry-curses | pinentry")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "fido2-tools, firefox-esr | chromium | www-browser")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "software FIDO2 security key")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "To browsers, ssh and everything else that speaks CTAP2 or U2F, fauxkey is a
USB security key: it makes credentials and logs in with them. The device is
virtual, made through the kernel's uhid; discoverable credentials live in an
encrypted keystore on disk, and operations wait for their user's consent.

For tests of sites that log their users in by passkeys or security keys, a
control interface plugs keys in and out, answers for their user, and has
them go wrong on purpose.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish.cmake)
set(CPACK_FAUXKEY_PACKAGING ${CMAKE_CURRENT_LIST_DIR})
include(CPack)
