# mread and the libraries it is linked with. rootfs/ is made by docker/build, or by mread run itself (which has its own
# user and folder for each node).
#   docker run -v ./mread.yml:/mread/mread.yml:ro -p 9095:9095 mread/mread:VERSION
FROM scratch
COPY rootfs/ /
LABEL mread.image=mread
WORKDIR /mread
USER 65534:65534
EXPOSE 9095
ENTRYPOINT ["/bin/mread"]
CMD ["serve", "--config", "/mread/mread.yml", "--listen", "0.0.0.0:9095"]
