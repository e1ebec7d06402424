# A node_exporter and what it needs: the C library. rootfs/ is made by docker/build, or by mread run itself.
FROM scratch
COPY rootfs/ /
LABEL mread.image=node_exporter
WORKDIR /mread
EXPOSE 9100
ENTRYPOINT ["/bin/node_exporter"]
