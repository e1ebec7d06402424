# A Prometheus and what it needs: the C library. rootfs/ is made by docker/build, or by mread run itself.
FROM scratch
COPY rootfs/ /
LABEL mread.image=prometheus
WORKDIR /mread
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/mread/prometheus.yml", "--storage.tsdb.path=/mread/data"]
