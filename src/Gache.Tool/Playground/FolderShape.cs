using System.Globalization;

namespace Gache.Tool.Playground;

/// <summary>What a kept folder was made for, in a small file beside the nodes' folders: other nodes of the same names would not find each other in them.</summary>
internal static class FolderShape
{
    private const string FileName = "playground";

    /// <summary>Takes a folder for a playground, or says for what other one it was made.</summary>
    /// <returns>Null if it is right, else why not.</returns>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static string? Claim(string folder, PlaygroundOptions options)
    {
        string file = Path.Combine(folder, FileName);
        string asked = string.Create(CultureInfo.InvariantCulture, $"--shards {options.Shards} --replicas {options.Replicas}");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, asked + "\n");
            return null;
        }

        string made = File.ReadAllText(file).Trim();
        return made == asked ? null : $"{folder} was made with {made}: say the same, or take another folder than for {asked}";
    }
}
