# An Alertmanager and what it needs: the C library. rootfs/ is made by docker/build, or by mread run itself.
FROM scratch
COPY rootfs/ /
LABEL mread.image=alertmanager
WORKDIR /mread
EXPOSE 9093
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/mread/alertmanager.yml", "--storage.path=/mread/data"]
