# Any one program and the libraries it is linked with. rootfs/ is made by mread run.
FROM scratch
COPY rootfs/ /
LABEL mread.image=program
WORKDIR /mread
