# What is installed, and the Debian package that cpack makes of it: ci/package.
include(GNUInstallDirs)

install(TARGETS mread RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES packaging/mread.service DESTINATION lib/systemd/system)
install(FILES packaging/mread.yml DESTINATION /etc/mread)
install(FILES packaging/mread.default DESTINATION /etc/default RENAME mread)
install(FILES packaging/mread.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES packaging/copyright README.md CHANGELOG.md SECURITY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN monitoring EXCLUDE)
install(DIRECTORY docs/monitoring scenarios DESTINATION "${CMAKE_INSTALL_DATADIR}/mread")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the mread authors <mread@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "mread serve is one remote-read endpoint over many Prometheus servers: each is
asked under a deadline of its own, what they say is merged, and what is missing
is always visible. mread run shows, on real Prometheus, what becomes of a set-up
of several remote_read URLs when something breaks.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/packaging/conffiles;${CMAKE_SOURCE_DIR}/packaging/postinst;${CMAKE_SOURCE_DIR}/packaging/prerm;${CMAKE_SOURCE_DIR}/packaging/postrm")
include(CPack)
