namespace Gache.Server.Tests;

/// <summary>The files of the project, from wherever the tests run.</summary>
internal static class Repository
{
    public static string PathOf(string file)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Gache.slnx"))) return Path.Combine(folder.FullName, file);

        throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
