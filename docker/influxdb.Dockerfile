# An InfluxDB 1.x and what it needs: the C library. rootfs/ is made by docker/build, or by mread run itself.
FROM scratch
COPY rootfs/ /
LABEL mread.image=influxdb
WORKDIR /mread
EXPOSE 8086
ENTRYPOINT ["/bin/influxdb"]
CMD ["run"]
