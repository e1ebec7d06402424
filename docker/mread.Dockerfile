# mread and the libraries it is linked with. rootfs/ is made by docker/build, or by mread run itself.
FROM scratch
COPY rootfs/ /
LABEL mread.image=mread
WORKDIR /mread
EXPOSE 9095
ENTRYPOINT ["/bin/mread"]
CMD ["serve", "--config", "/mread/mread.yml", "--listen", "0.0.0.0:9095"]
