"""The scenes of `bench/film/run`, made by MoviePy: SCENES.json MEDIA OUT. Scenes have `length`, `text` and perhaps `file`."""
import json, sys

from moviepy import ColorClip, CompositeVideoClip, ImageClip, TextClip, VideoFileClip, concatenate_videoclips, vfx

scenes, media, out = sys.argv[1:]
size = (1280, 720)
font = "/usr/share/fonts/opentype/inter/Inter-Regular.otf"


def clip(scene):
    length, name = scene["length"], scene.get("file", "")
    text = TextClip(font=font, text=scene["text"], font_size=40, color="white").with_duration(length)
    text = text.with_position((64, 600)).with_effects([vfx.CrossFadeIn(0.3)])
    ground = ColorClip(size, color=(34, 51, 68)).with_duration(length)
    if name.endswith(".png"):
        picture = ImageClip(f"{media}/{name}").with_duration(length).resized(height=500)
        picture = picture.resized(lambda t: 1 + 0.05 * t / length).with_position(("center", 60))
        return CompositeVideoClip([ground, picture, text], size=size).with_duration(length)
    if name:
        recording = VideoFileClip(f"{media}/{name}").subclipped(0, length).resized(size)
        return CompositeVideoClip([recording, text], size=size).with_duration(length)
    return CompositeVideoClip([ground, text], size=size).with_duration(length)


film = concatenate_videoclips([clip(scene) for scene in json.load(open(scenes))], method="chain")
film.write_videofile(
    out, fps=30, codec="libx264", preset="veryfast", audio_codec="aac", audio_fps=48000, audio_bitrate="128k",
    threads=2, ffmpeg_params=["-crf", "23", "-pix_fmt", "yuv420p"], logger=None)
