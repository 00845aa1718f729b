# Mounts a disk of SIZE on FOLDER, visible to this process alone, and trains into it: FOLDER SIZE DATA OPTIONS...
set -e
folder=$1 size=$2 data=$3
shift 3
mount -t tmpfs -o "size=$size" tmpfs "$folder"
exec "$HEADSTART_PYTHON" -c "from headstart.cli.app import main; main()" train "$data" "$@" --out "$folder/run"
